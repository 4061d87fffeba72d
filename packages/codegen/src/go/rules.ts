import { DEFAULT_ORIGIN, KINDS, RETRY } from '@dakera-ai/protocol'
import type { Files } from '../files.ts'
import { unique } from '../text.ts'
import { HEAD } from './models.ts'

/** rules.go: which tries are repeated, how long the waits are, and the kind of error behind a status. */
export const goRules = (): Files => ({
  'packages/sdk-go/rules.go': `${HEAD}
import "time"

const defaultURL = "${DEFAULT_ORIGIN}"

// The wait before a repeated try doubles from the first to the longest. A Retry-After above the most is left to the
// caller.
const (
	firstWait   = ${RETRY.firstWaitMs} * time.Millisecond
	longestWait = ${RETRY.longestWaitMs} * time.Millisecond
	mostWait    = ${RETRY.mostWaitMs} * time.Millisecond
)

// isRepeated says whether a try that ended with this status is repeated.
func isRepeated(status int) bool {
	switch status {
	case ${RETRY.statuses.join(', ')}:
		return true
	}
	return false
}

// kindOf is the kind of error behind a status.
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
