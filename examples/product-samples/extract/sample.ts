export type Language = 'curl' | 'typescript' | 'python' | 'rust' | 'go'

/** Some lines of a document, word for word, and the line of their start. */
export type Sample = { language: Language; line: number; text: string }
