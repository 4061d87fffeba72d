/** Runs a command and returns its output; an error contains what it printed. */
export declare function run(cwd: string, command: string, args: string[], env?: NodeJS.ProcessEnv): string;
/** Builds and packs a package as it is published, and returns the tarball in a new folder inside `folder`. */
export declare function pack(packageFolder: string, folder: string): string;
/** The oldest Node that the packages support: one on the path, otherwise one that npx fetches. */
export declare function findNode20(): string;
