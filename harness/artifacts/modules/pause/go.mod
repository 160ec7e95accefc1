module trustee-conformance/artifacts/pause

go 1.21
