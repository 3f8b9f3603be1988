"""The Enhancement Exchange: contract, domain, use cases and adapters. It does not depend on Azure Functions."""

__version__ = "0.2.0"
