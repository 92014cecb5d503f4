"""What the Kafka source and sink share, on kafka-python: no Java in a worker."""
