"""Operations to SQL: one module a backend, and the acts that a revision is made of."""
