import { expect, test } from 'vitest'
import { extractSamples } from './extract.ts'

test('samples are found by their structure in a text without fences', () => {
  const document = `Some prose about curl and how
curl is used.
# First
curl http://localhost/a \\
-H "X: it's" \\
-d '{"text": "one
# not a comment, but text
two"}'
# Then
curl http://localhost/b
# A comment of another language
from somewhere import thing
import { DakeraClient } from 'x';
const answer: number = 1;
await thing({
a: answer
});
Prose
use other::{Language};
# Alone again
curl http://localhost/c
Prose`

  expect(extractSamples(document).map(({ language, line, text }) => [language, line, text.split('\n').length])).toEqual([
    ['curl', 3, 8],
    ['typescript', 13, 5],
    ['curl', 20, 2],
  ])
})

test('a command whose quote is never closed is an error, not a sample', () => {
  expect(() => extractSamples("curl http://localhost -d '{\nProse")).toThrow('line 1')
})
