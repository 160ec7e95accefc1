"""The kbs-client double: attests, fetches a resource, prints it in base64."""
