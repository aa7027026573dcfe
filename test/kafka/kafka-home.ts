import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Where a real Apache Kafka is on this machine: its jars, resolved once by Maven from pom.xml beside this file, and the driver's
 * classes, compiled when their source is new. Both lie in MILLRACE_KAFKA_CACHE (default `~/.cache/millrace-kafka`), nothing in
 * the repository.
 */
export interface KafkaHome {
  readonly version: string
  /** Of Kafka's jars and the driver. */
  readonly classPath: string
  /** log4j's settings: warnings, to standard error. */
  readonly logging: string
}

const here = fileURLToPath(new URL('.', import.meta.url))
const pom = join(here, 'pom.xml')
const driver = join(here, 'driver')
const oldestJava = 17

/** @throws when Java or Maven is missing or too old, or the jars cannot be had, with what to do */
export function findKafka(): KafkaHome {
  const version = /<kafka\.version>(.*)<\/kafka\.version>/.exec(readFileSync(pom, 'utf8'))![1]!
  const cache = join(process.env['MILLRACE_KAFKA_CACHE'] ?? join(homedir(), '.cache', 'millrace-kafka'), version)
  mkdirSync(cache, { recursive: true })
  checkJava()
  const jars = join(takeJars(cache), '*')
  const classes = compileDriver(cache, jars)
  return { version, classPath: [classes, jars].join(delimiter), logging: join(driver, 'log4j2.yaml') }
}

/** javac comes with a JDK only, and both have the same version there. */
function checkJava(): void {
  const { status, stdout, stderr } = spawnSync('javac', ['-version'], { encoding: 'utf8' })
  const major = Number(/javac (\d+)/.exec(`${stdout}${stderr}`)?.[1] ?? 0)
  if (status === 0 && major >= oldestJava) return
  const found = major === 0 ? 'there is no javac' : `javac is version ${major}`
  throw new Error(
    `A real Kafka needs a JDK ${oldestJava} or newer on the PATH, but ${found} (Debian: apt-get install default-jdk-headless)`,
  )
}

/** Made under another name first: a folder that is there is complete. */
function takeJars(cache: string): string {
  return once(cache, `jars-${hashOf([pom])}`, (folder) => {
    if (spawnSync('mvn', ['-version']).error !== undefined)
      throw new Error(
        "Maven is needed once, to download Kafka's jars, but there is no mvn on the PATH (Debian: apt-get install maven)",
      )
    run(
      'mvn',
      ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${folder}`],
      "Kafka's jars cannot be downloaded",
    )
  })
}

function compileDriver(cache: string, jars: string): string {
  const sources = readdirSync(driver)
    .filter((name) => name.endsWith('.java'))
    .map((name) => join(driver, name))
  return once(cache, `driver-${hashOf([...sources, pom])}`, (folder) => {
    run('javac', ['-nowarn', '-cp', jars, '-d', folder, ...sources], 'the driver does not compile')
  })
}

function once(cache: string, name: string, make: (folder: string) => void): string {
  const folder = join(cache, name)
  if (existsSync(folder)) return folder
  const draft = mkdtempSync(join(cache, `${name}.`))
  try {
    make(draft)
    if (!existsSync(folder)) renameSync(draft, folder)
    return folder
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

function hashOf(paths: readonly string[]): string {
  const hash = createHash('sha256')
  for (const path of paths) hash.update(readFileSync(path))
  return hash.digest('hex').slice(0, 12)
}

function run(command: string, args: readonly string[], complaint: string): void {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${complaint}: ${command} ended with ${status}\n${stdout}${stderr}`)
}
