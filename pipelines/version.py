"""The version of newsbeam: the package's, and the one in every record's provenance."""

VERSION = "0.1.0"
