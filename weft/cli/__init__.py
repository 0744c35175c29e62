"""The `weft` command. It talks to a running node through its gateway, like any other client."""
