import { coreError } from './error-catalogue.ts'

/**
 * A regular expression over names that came from outside, in the part of RE2's language that names need: characters, `.`, classes,
 * escapes, groups, `|`, `*`, `+`, `?`, `{n,m}`. It has to match all of a name.
 *
 * All ways are followed at once (Thompson), so the time is that of steps × characters. A pattern for JavaScript's engine, which tries
 * one way after the other, could hold the whole process for ever.
 */
export interface NamePattern {
  readonly matches: (name: string) => boolean
}

/** From a place to others: over a character that fits, or for nothing. */
type Step =
  | { readonly kind: 'take'; readonly fits: (character: string) => boolean; to: number }
  | { readonly kind: 'fork'; to: number[] }

const maxSteps = 2_000
const maxRepeats = 100

/** Of at most so many steps. @throws INVALID_OPTION for what is not a pattern, or a very long one */
export function namePattern(text: string, most: number = maxSteps): NamePattern {
  const steps = new PatternParser(text, most).parse()
  return { matches: (name) => follows(steps, name) }
}

/** The last step is the end. */
function follows(steps: readonly Step[], name: string): boolean {
  let places = reach(steps, [0])
  for (const character of name) {
    const next: number[] = []
    for (const place of places) {
      const step = steps[place]!
      if (step.kind === 'take' && step.fits(character)) next.push(step.to)
    }
    if (next.length === 0) return false
    places = reach(steps, next)
  }
  return places.has(steps.length - 1)
}

function reach(steps: readonly Step[], from: readonly number[]): ReadonlySet<number> {
  const found = new Set<number>()
  const waiting = [...from]
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    if (found.has(place)) continue
    found.add(place)
    const step = steps[place]!
    if (step.kind === 'fork') waiting.push(...step.to)
  }
  return found
}

/** A pattern as a tree, so that a part that is repeated can be laid out as often as it has to be. */
type Part =
  | { readonly kind: 'one'; readonly fits: (character: string) => boolean }
  | { readonly kind: 'all' | 'any'; readonly parts: readonly Part[] }
  | { readonly kind: 'repeat'; readonly part: Part; readonly from: number; readonly to: number }

class PatternParser {
  private readonly characters: readonly string[]
  private readonly text: string
  private readonly most: number
  private readonly steps: Step[] = []
  private at = 0
  private depth = 0

  constructor(text: string, most: number) {
    this.text = text
    this.most = most
    this.characters = Array.from(text)
  }

  parse(): readonly Step[] {
    const whole = this.alternatives()
    if (this.at < this.characters.length) throw this.invalid()
    this.layOut(whole)
    this.add({ kind: 'fork', to: [] })
    return this.steps
  }

  private alternatives(): Part {
    if (++this.depth > maxRepeats) throw this.invalid()
    const parts = [this.sequence()]
    while (this.take('|')) parts.push(this.sequence())
    this.depth--
    return { kind: 'any', parts }
  }

  private sequence(): Part {
    const parts: Part[] = []
    for (
      let next = this.characters[this.at];
      next !== undefined && next !== '|' && next !== ')';
      next = this.characters[this.at]
    ) {
      if (!this.isNeedlessAnchor(next)) parts.push(this.repeated(this.single()))
      else this.at++
    }
    return { kind: 'all', parts }
  }

  /** All of a name has to match anyway. */
  private isNeedlessAnchor(next: string): boolean {
    return (next === '^' && this.at === 0) || (next === '$' && this.at === this.characters.length - 1)
  }

  private single(): Part {
    const from = this.at
    const character = this.characters[this.at++]!
    if (character === '(') {
      if (this.take('?') && !this.take(':')) throw this.invalid()
      const inner = this.alternatives()
      if (!this.take(')')) throw this.invalid()
      return inner
    }
    if ('*+?{^$'.includes(character)) throw this.invalid()
    if (character === '\\') {
      if (!/[^a-zA-Z0-9]|[dDwWsS]/u.test(this.characters[this.at++] ?? 'x')) throw this.invalid()
    } else if (character === '[') this.skipClass()
    else if (character !== '.') return { kind: 'one', fits: (other) => other === character }
    return { kind: 'one', fits: this.fitting(this.characters.slice(from, this.at).join('')) }
  }

  private skipClass(): void {
    this.take('^')
    this.take(']') // in the first place it is one of the class
    while (!this.take(']')) {
      const character = this.characters[this.at++]
      if (character === undefined || (character === '[' && this.characters[this.at] === ':')) throw this.invalid()
      if (character === '\\') this.at++
    }
  }

  /** One character and no more, so nothing can be tried twice. */
  private fitting(one: string): (character: string) => boolean {
    try {
      const expression = new RegExp(`^${one.replace(/^\[(\^?)\]/u, '[$1\\]')}$`, 'su')
      return (character) => expression.test(character)
    } catch (cause) {
      throw this.invalid(cause)
    }
  }

  private repeated(part: Part): Part {
    const [from, to] = this.bounds()
    if (from === 1 && to === 1) return part
    this.take('?') // lazy or not, a whole name matches or does not
    return { kind: 'repeat', part, from, to }
  }

  private bounds(): readonly [number, number] {
    if (this.take('*')) return [0, Infinity]
    if (this.take('+')) return [1, Infinity]
    if (this.take('?')) return [0, 1]
    if (!this.take('{')) return [1, 1]
    const close = this.characters.indexOf('}', this.at)
    const found = /^(\d{1,3})(,(\d{1,3})?)?$/.exec(this.characters.slice(this.at, close < 0 ? this.at : close).join(''))
    if (found === null) throw this.invalid()
    this.at = close + 1
    const from = Number(found[1])
    const to = found[2] === undefined ? from : Number(found[3] ?? Infinity)
    if (from > to || from > maxRepeats || (to > maxRepeats && to !== Infinity)) throw this.invalid()
    return [from, to]
  }

  /** Lays it out behind what is there; it ends where the next step will stand. */
  private layOut(part: Part): void {
    switch (part.kind) {
      case 'one':
        this.add({ kind: 'take', fits: part.fits, to: this.steps.length + 1 })
        return
      case 'all':
        for (const one of part.parts) this.layOut(one)
        return
      case 'any':
        this.layOutAny(part.parts)
        return
      case 'repeat':
        for (let count = 0; count < part.from; count++) this.layOut(part.part)
        if (part.to === Infinity) this.layOutLoop(part.part)
        else for (let count = part.from; count < part.to; count++) this.layOutOption(part.part)
    }
  }

  private layOutAny(parts: readonly Part[]): void {
    const fork: Step & { readonly kind: 'fork' } = { kind: 'fork', to: [] }
    this.add(fork)
    const exits: (Step & { readonly kind: 'fork' })[] = []
    for (const part of parts) {
      fork.to.push(this.steps.length)
      this.layOut(part)
      const exit: Step & { readonly kind: 'fork' } = { kind: 'fork', to: [] }
      this.add(exit)
      exits.push(exit)
    }
    for (const exit of exits) exit.to.push(this.steps.length)
  }

  private layOutLoop(part: Part): void {
    const fork: Step & { readonly kind: 'fork' } = { kind: 'fork', to: [this.steps.length + 1] }
    const start = this.steps.length
    this.add(fork)
    this.layOut(part)
    this.add({ kind: 'fork', to: [start] })
    fork.to.push(this.steps.length)
  }

  private layOutOption(part: Part): void {
    const fork: Step & { readonly kind: 'fork' } = { kind: 'fork', to: [this.steps.length + 1] }
    this.add(fork)
    this.layOut(part)
    fork.to.push(this.steps.length)
  }

  private add(step: Step): void {
    if (this.steps.length >= this.most) throw this.invalid()
    this.steps.push(step)
  }

  private take(character: string): boolean {
    if (this.characters[this.at] !== character) return false
    this.at++
    return true
  }

  private invalid(cause?: unknown): Error {
    return coreError('INVALID_OPTION', {
      what: 'that is no pattern for names, or too large a one',
      expected: 'characters, ., classes, groups, |, *, +, ? and {n,m}',
      received: this.text.slice(0, 100),
      cause,
    })
  }
}
