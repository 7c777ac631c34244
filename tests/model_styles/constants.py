PREFIX = "modern_"
LONG = 10 * 20 + 55
STATES = ["new", "old"]
LIMITS = {"low": 1, "high": 1 << 4}
DEFAULT_STATE = STATES[0]
