"""A sample robot that tags references with the study designs that their titles and abstracts name."""
