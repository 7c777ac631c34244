"""The story that `instar demo` tells: a small real application, carried through a whole change."""
