"""Google's Terraform provider as far as this configuration needs it: its schema in three releases, served to Terraform itself.

The schemas are facts taken from the prebuilt bindings of CDK for Terraform and CDK Terrain (PyPI, MPL-2.0), which carry what
`terraform providers schema` prints of the release they are made for: `python -m tests.docs.provider.extract` makes them anew.
"""
