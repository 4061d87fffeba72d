module github.com/dakera-ai/dakera/packages/sdk-go

go 1.23
