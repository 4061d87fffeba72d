import { basename, dirname, resolve } from 'node:path'

/** Progress; the result alone goes to standard output. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** The arguments as `read` checked them; what is wrong with them is said beside the help. */
export function readArguments<T>(help: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${help}`)
    process.exit(1)
  }
}

/** The number in an option's text. */
export function atLeast(option: string, text: string, least: number): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < least)
    throw new Error(`${option} must be a number from ${least}.`)
  return value
}

/** The last two folders of a checkout's path: enough to know it by in a table. */
export function checkoutName(checkout: string): string {
  const path = resolve(checkout)
  return `${basename(dirname(path))}/${basename(path)}`.replace(/^\//, '')
}

/**
 * Runs once at an interrupt. `throwIfSo` is for what opens something that `act` could not know yet; `exitIfSo` waits
 * for `act` and leaves then, and not with whatever the end of a server broke.
 */
export function whenInterrupted(act: () => Promise<void>): { throwIfSo(): void; exitIfSo(): Promise<void> } {
  let acting: Promise<void> | undefined
  const interrupt = () => {
    acting ??= act()
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.on(signal, interrupt)
  return {
    throwIfSo() {
      if (acting) throw new Error('interrupted')
    },
    async exitIfSo() {
      for (const signal of signals) process.off(signal, interrupt)
      await acting
      if (acting) process.exit(130)
    },
  }
}
