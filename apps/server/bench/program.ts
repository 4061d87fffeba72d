import { basename, dirname, resolve } from 'node:path'

/** Prints progress; only the result goes to standard output. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Returns the arguments as `read` checked them; prints errors in them together with the help. */
export function readArguments<T>(help: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${help}`)
    process.exit(1)
  }
}

/** Parses the number of an option. */
export function atLeast(option: string, text: string, least: number): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < least)
    throw new Error(`${option} must be a number from ${least}.`)
  return value
}

/** Returns the last two folders of a checkout's path, which identify it in a table. */
export function checkoutName(checkout: string): string {
  const path = resolve(checkout)
  return `${basename(dirname(path))}/${basename(path)}`.replace(/^\//, '')
}

/**
 * Runs `act` once at an interrupt. Call `throwIfSo` after opening something that `act` could not know yet. `exitIfSo`
 * waits for `act` and exits then, and not with an error that the end of a server caused.
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
