"""What the dock does, one module for each capability. They hold the rules and the transactions; they know no HTTP."""
