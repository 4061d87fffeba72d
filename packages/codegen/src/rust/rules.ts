import { KINDS, RETRY } from '@dakera-ai/protocol'
import { pascal, unique } from '../text.ts'
import { uses } from './names.ts'

/** Prints src/rules.rs: which attempts are retried and when, and the kind of error for a status. */
export function rules(): string {
  const { statuses, firstWaitMs, longestWaitMs, mostWaitMs } = RETRY
  const kinds = unique(Object.values(KINDS)).map((kind) => {
    const named = Object.entries(KINDS).filter(([, one]) => one === kind)
    return `${named.map(([status]) => status).join(' | ')} => Self::${pascal(kind)},\n`
  })
  const code = `/// An attempt that ends with one of these statuses is retried.
pub(crate) const RETRIED: [u16; ${statuses.length}] = [${statuses.join(', ')}];
/// The wait before the first retry; each later one is twice as long.
pub(crate) const FIRST_WAIT: Duration = ${duration(firstWaitMs)};
/// The longest wait that the client chooses.
pub(crate) const LONGEST_WAIT: Duration = ${duration(longestWaitMs)};
/// A call with a longer \`Retry-After\` than this fails with the error.
pub(crate) const MOST_WAIT: Duration = ${duration(mostWaitMs)};

/// Chooses the kind of error for a status.
impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        let kind = match error.status {
            ${kinds.join('')}500.. => Self::Server,
            _ => Self::Api,
        };
        kind(Box::new(error))
    }
}
`
  return `${uses(code)}\n${code}`
}

const duration = (milliseconds: number) =>
  milliseconds % 1000 === 0 ? `Duration::from_secs(${milliseconds / 1000})` : `Duration::from_millis(${milliseconds})`
