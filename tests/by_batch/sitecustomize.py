"""Of the workers and commands of ``pytest --engine batch``, which puts this folder on their PYTHONPATH."""

from batch_where_it_can import install

install()
