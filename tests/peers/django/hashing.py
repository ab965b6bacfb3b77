"""A password hash that costs nothing, for runs that log thousands in and measure something else."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class Cheap(PBKDF2PasswordHasher):
    algorithm = "pbkdf2_sha256_cheap"
    iterations = 1
