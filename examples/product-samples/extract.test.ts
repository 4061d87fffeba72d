import { expect, test } from 'vitest'
import { tableColumn } from './extract/table.ts'
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

  expect(extractSamples(document).map(({ language, line, text }) => [language, line, text.split('\n').length])).toEqual(
    [
      ['curl', 3, 8],
      ['typescript', 13, 5],
      ['curl', 20, 2],
    ],
  )
})

test('a command whose quote is never closed is an error, not a sample', () => {
  expect(() => extractSamples("curl http://localhost -d '{\nProse")).toThrow('line 1')
})

test('Python gets back the indentation of a body, which is one statement', () => {
  const document = `Prose
from dakera import DakeraClient
# A comment (with a bracket
for one in ["first:", 'second [']:
# about the body
for other in one:
print(one, # never closed (
other)
print("after: [")
for example, this is prose`

  expect(extractSamples(document)).toEqual([
    {
      language: 'python',
      line: 2,
      text: `from dakera import DakeraClient
# A comment (with a bracket
for one in ["first:", 'second [']:
# about the body
    for other in one:
        print(one, # never closed (
        other)
print("after: [")`,
    },
  ])
})

test('Rust and Go follow each other without a line between them', () => {
  const document = `Prose
use dakera_rs::{
One,
Two
};
let one = One::new("it's (");
for it in &[one] {
it.go(Two {
count: 1
}).await?;
}
println!("done");
one := dakera.NewClient("http://localhost")
// "A comment
const two = "two"
for _, it := range []string{two} {
one.Go(it)
}
fmt.Println(one)
fmt.Println has nothing more to say.
first := dakera.NewClient("http://localhost")
Prose`

  expect(extractSamples(document).map(({ language, line, text }) => [language, line, text.split('\n').length])).toEqual(
    [
      ['rust', 2, 11],
      ['go', 13, 7],
      ['go', 21, 1],
    ],
  )
})

test('a Go string that is broken over two lines is put together, and nothing else is', () => {
  const document = `one := dakera.NewClient("http://localhost")
// A comment with "half a string
fmt.Printf("%d of \\"them\\"
", 1)
fmt.Println("whole", \`raw
text\`)
Prose`

  expect(extractSamples(document)[0]?.text.split('\n')).toEqual([
    'one := dakera.NewClient("http://localhost")',
    '// A comment with "half a string',
    String.raw`fmt.Printf("%d of \"them\"\n", 1)`,
    'fmt.Println("whole", `raw',
    'text`)',
  ])
})

test('a statement whose bracket is never closed is an error, not a sample', () => {
  expect(() => extractSamples('from dakera import DakeraClient\nprint(\nProse')).toThrow('line 2')
})

test('a column is found by its name', () => {
  const document = `| Python | is prose here
| Name | Python | Use |
|---|---|---|
| One | one(a, ...) | first |
| Two | two() | second |
Prose
| Three | three() | third |`

  expect(tableColumn(document, 'Python')).toEqual(['one(a, ...)', 'two()'])
  expect(() => tableColumn(document, 'Rust')).toThrow('"Rust"')
})
