"""TypeScript source to facts."""
