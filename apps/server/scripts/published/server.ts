// The server as a library, for a program that starts one.
import './node-20.ts'

export { openServer } from '../../src/server.ts'
