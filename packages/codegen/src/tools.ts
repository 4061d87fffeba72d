import * as table from '@dakera-ai/protocol/tools'

const { TOOLS, argumentsOf, ...rest } = table

/** The table of agent tools as plain values, by their names in TypeScript and Python, with a sentence about each. */
export const agentTables: [name: string, doc: string, value: unknown][] = [
  [
    'TOOLS',
    'The tools by the name that a model calls.',
    Object.fromEntries(
      Object.entries(TOOLS).map(([name, tool]: [string, table.Tool]) => {
        const { input: _, details = [], place = null, title, description, needs, ...hints } = tool
        return [name, { title, description, needs, ...argumentsOf(tool), details, place, ...hints }]
      }),
    ),
  ],
  ['REFUSALS', 'What the model reads in place of an exception.', rest.REFUSALS],
  ['REFUSAL_OF', 'Which refusal stands for an error; `denied` is `read` or `write`.', rest.REFUSAL_OF],
  ['PROBLEMS', 'What a refusal says of an argument.', rest.PROBLEMS],
  ['ANSWERS', 'What tools answer beside memories.', rest.ANSWERS],
  ['INSTRUCTIONS', 'What a client of MCP tells its model about the server, by what the key may do.', rest.INSTRUCTIONS],
  ['PROMPTS', 'Prompts for people, by their names.', rest.PROMPTS],
  ['TASK_TAGS', "Tags of the coordinator's memories.", rest.TASK_TAGS],
  ['TASKS_NAMESPACE', 'The namespace of the coordinator, unless another one is named.', rest.TASKS_NAMESPACE],
  ['IMPORTANCE', 'Of what is stored, unless it is bound otherwise.', rest.IMPORTANCE],
  ['HITS', 'How many memories are recalled.', rest.HITS],
  ['MOST_READ', 'The most namespaces that one recall reads.', rest.MOST_READ],
  ['ANSWER_LENGTH', 'The most characters of an answer.', rest.ANSWER_LENGTH],
]
