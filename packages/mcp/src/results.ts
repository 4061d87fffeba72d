import { type Answer, refusalOf } from '@dakera-ai/dakera/agents'
import { type CallToolResult, ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server'

/** Text only: some clients show a structured result in place of the text, and others fail on it. */
export const resultOf = ({ text, isRefused }: Answer): CallToolResult => ({
  content: [{ type: 'text', text }],
  ...(isRefused && { isError: true }),
})

/** What is no tool has no result that could say so: the sentence is the message of the error. */
export async function orRefuse<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof ProtocolError) throw error
    throw new ProtocolError(ProtocolErrorCode.InternalError, refusalOf(error).text)
  }
}
