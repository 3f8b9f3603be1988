"""A sample robot on the robot kit. It tags references with the study designs that their titles and abstracts name."""
