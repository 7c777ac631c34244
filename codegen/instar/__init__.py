"""instar: from two schema versions to the code that carries an application from one to the other."""
