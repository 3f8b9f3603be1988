"""Adapters to the outside systems, one module or package each. They translate the systems' errors into ours."""
