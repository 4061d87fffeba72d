import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { flatNames, syncTwin } from './twins.ts'

/**
 * Writes what follows from something else: _version.py from package.json, _models.py from the contract's openapi.json,
 * the flat names from the resources, and the whole of _sync from _async. The output is formatted as ruff wants it.
 */
const at = (path: string) => new URL(`../${path}`, import.meta.url)
const read = (path: string) => readFileSync(at(path), 'utf8')
/** A file that is right is left alone: somebody may be reading it. */
const write = (path: string, text: string) => {
  if (!existsSync(at(path)) || read(path) !== text) writeFileSync(at(path), text)
}

const resources = ['health', 'namespaces', 'keys', 'namespace_keys', 'memories', 'sessions', 'agents'].map((name) => `resources/${name}.py`)
write('src/dakera/_async/flat.py', flatNames(resources.map((path) => ({ resource: basename(path, '.py'), source: read(`src/dakera/_async/${path}`) }))))
for (const path of ['__init__.py', 'client.py', 'flat.py', 'transport.py', 'resources/__init__.py', ...resources]) {
  write(`src/dakera/_sync/${path}`, syncTwin(read(`src/dakera/_async/${path}`), `_async/${path}`))
}
