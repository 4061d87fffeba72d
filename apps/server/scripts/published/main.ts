#!/usr/bin/env node
// The published dakera-server.
import './node-20.ts'
import '../../src/main.ts'
