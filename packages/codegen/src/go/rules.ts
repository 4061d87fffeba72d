import { DEFAULT_ORIGIN, KINDS, RETRY } from '@dakera-ai/protocol'
import type { Files } from '../files.ts'
import { unique } from '../text.ts'
import { HEAD } from './models.ts'

/** rules.go: which attempts are retried, how long the waits are, and the kind of error for a status. */
export const goRules = (): Files => ({
  'packages/sdk-go/rules.go': `${HEAD}
import "time"

const defaultURL = "${DEFAULT_ORIGIN}"

// The wait before a retry doubles from the first to the longest. A Retry-After above the maximum is left to the caller.
const (
	firstWait   = ${RETRY.firstWaitMs} * time.Millisecond
	longestWait = ${RETRY.longestWaitMs} * time.Millisecond
	mostWait    = ${RETRY.mostWaitMs} * time.Millisecond
)

// isRepeated reports whether an attempt that ended with this status is retried.
func isRepeated(status int) bool {
	switch status {
	case ${RETRY.statuses.join(', ')}:
		return true
	}
	return false
}

// kindOf returns the kind of error for a status.
func kindOf(status int) string {
	switch status {
${unique(Object.values(KINDS)).map(kindCase).join('')}	}
	if status >= 500 {
		return "server"
	}
	return "api"
}
`,
})

const kindCase = (kind: string) => {
  const statuses = Object.entries(KINDS).flatMap(([status, of]) => (of === kind ? [status] : []))
  return `\tcase ${statuses.join(', ')}:\n\t\treturn "${kind}"\n`
}
