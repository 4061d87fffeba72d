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
  if (text.trim() === '' || !Number.isFinite(value) || value < least) throw new Error(`${option} must be a number from ${least}.`)
  return value
}

/** The last two folders of a checkout's path: enough to know it by in a table. */
export function checkoutName(checkout: string): string {
  const path = resolve(checkout)
  return `${basename(dirname(path))}/${basename(path)}`.replace(/^\//, '')
}

/** Runs once at an interrupt. `exitIfSo` leaves then, and not with whatever the end of a server broke. */
export function whenInterrupted(act: () => Promise<void>): { exitIfSo(): void } {
  let isInterrupted = false
  const interrupt = () => {
    if (isInterrupted) return
    isInterrupted = true
    void act()
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.on(signal, interrupt)
  return {
    exitIfSo() {
      for (const signal of signals) process.off(signal, interrupt)
      if (isInterrupted) process.exit(130)
    },
  }
}
