import { inOut, rows, sink, source, step } from '../notation.ts'
import type { InputRow, TopologyCase } from '../topology-case.ts'

const some = rows('in@5 a=one', 'in@3 b=three', 'in@9 a=x', 'in@9 ~=no key', 'in@10 c=~', 'in@11 a=seven')
const pairs = rows('in@5 a=p:1', 'in@6 b=q:2', 'in@7 a=q:3', 'in@8 c=:4', 'in@9 c=~')
const two = rows('in@5 a=one', 'other@1 a=two', 'in@6 b=three', 'other@7 ~=four', 'other@8 b=~')
const withHeaders: readonly InputRow[] = [
  ['in', 'a', 'one', 5, { trace: 't1', lang: 'en' }],
  ['in', 'b', 'two', 6, { trace: 't2' }],
  ['in', 'a', 'x y', 7],
]

export const statelessCases: readonly TopologyCase[] = [
  { name: 'a stream goes through as it is', topology: inOut(), input: some },
  { name: 'negative timestamps are dropped', topology: inOut(), input: rows('in@5 a=x', 'in@-1 a=y', 'in@0 a=z', 'in@-77 b=w') },
  { name: 'several topics are one stream', topology: [step('stream', { topic: ['in', 'other'] }), sink()], input: two },
  { name: 'filter: nulls reach the predicate', topology: inOut(step('filter', { by: 'longer:2' })), input: some },
  { name: 'filter: by key', topology: inOut(step('filter', { by: 'key:a' })), input: some },
  { name: 'filter: keeps null values', topology: inOut(step('filter', { by: 'null' })), input: some },
  { name: 'filterNot: the others', topology: inOut(step('filterNot', { by: 'longer:2' })), input: some },
  { name: 'filterNot: null values out', topology: inOut(step('filterNot', { by: 'null' })), input: some },
  { name: 'map: key and value', topology: inOut(step('map', { key: 'first', value: 'upper' })), input: some },
  { name: 'map: to null', topology: inOut(step('map', { key: 'null', value: 'null-if:x' })), input: some },
  { name: 'mapValues: of the value', topology: inOut(step('mapValues', { by: 'upper' })), input: some },
  { name: 'mapValues: with the key', topology: inOut(step('mapValues', { by: 'both' })), input: some },
  { name: 'mapValues: to null', topology: inOut(step('mapValues', { by: 'null' })), input: some },
  { name: 'flatMap: none, one and several', topology: inOut(step('flatMap', { by: 'letters' })), input: some },
  { name: 'flatMapValues: letters', topology: inOut(step('flatMapValues', { by: 'letters' })), input: some },
  { name: 'flatMapValues: twice', topology: inOut(step('flatMapValues', { by: 'twice' })), input: some },
  { name: 'selectKey: from the value', topology: inOut(step('selectKey', { by: 'first' })), input: some },
  { name: 'selectKey: to null', topology: inOut(step('selectKey', { by: 'null' })), input: some },
  { name: 'peek: sees all and changes nothing', topology: inOut(step('peek')), input: some },
  {
    name: 'peek: before a filter',
    topology: inOut(step('peek'), step('filter', { by: 'longer:3' })),
    input: some,
  },
  {
    name: 'merge: two topics',
    topology: [source('other'), source('in'), step('merge', { with: 'other' }), sink()],
    input: two,
  },
  {
    name: 'merge: two branches of one stream give each record twice',
    topology: [
      source('in'),
      step('mapValues', { by: 'upper', as: 'upper' }),
      step('mapValues', { on: 'in', by: 'length' }),
      step('merge', { with: 'upper' }),
      sink(),
    ],
    input: some,
  },
  {
    name: 'merge: a stream with itself',
    topology: [source('in'), step('filter', { by: 'all', as: 'same' }), step('merge', { on: 'in', with: 'same' }), sink()],
    input: some,
  },
  {
    name: 'split: the first that matches has it, the others have the rest',
    topology: [
      source('in'),
      step('split', {
        branches: [
          { by: 'longer:3', as: 'long' },
          { by: 'key:a', as: 'of-a' },
        ],
        default: 'rest',
      }),
      { ...sink('long'), on: 'long' },
      { ...sink('of_a'), on: 'of-a' },
      { ...sink('rest'), on: 'rest' },
    ],
    input: some,
  },
  {
    name: 'split: without a default what matches nothing is gone',
    topology: [
      source('in'),
      step('split', { branches: [{ by: 'starts:t', as: 't' }] }),
      step('mapValues', { on: 't', by: 'upper' }),
      sink(),
    ],
    input: some,
  },
  {
    name: 'split: branches come together again',
    topology: [
      source('in'),
      step('split', { branches: [{ by: 'longer:3', as: 'long' }], default: 'short' }),
      step('mapValues', { on: 'long', by: 'first', as: 'cut' }),
      step('merge', { on: 'short', with: 'cut' }),
      sink(),
    ],
    input: some,
  },
  { name: 'repartition: everything comes back', topology: inOut(step('repartition', { name: 'through' })), input: some },
  {
    name: 'repartition: after selectKey',
    topology: inOut(
      step('selectKey', { by: 'part:0' }),
      step('repartition', { name: 'by-part' }),
      step('mapValues', { by: 'both' }),
    ),
    input: pairs,
  },
  {
    name: 'repartition: twice',
    topology: inOut(
      step('selectKey', { by: 'part:0' }),
      step('repartition', { name: 'first' }),
      step('map', { key: 'part:1', value: 'both' }),
      step('repartition', { name: 'second' }),
    ),
    input: pairs,
  },
  {
    name: 'to: two sinks of one stream',
    topology: [source('in'), { ...sink('one'), on: 'in' }, { ...sink('two'), on: 'in' }],
    input: some,
  },
  {
    name: 'to: the topic is chosen for each record',
    topology: [source('in'), step('to', { by: 'part:0' })],
    input: rows('in@1 a=p:1', 'in@2 b=q:2', 'in@3 a=q:3'),
  },
  { name: 'headers go through stateless operators', topology: inOut(step('mapValues', { by: 'upper' })), input: withHeaders },
  { name: 'headers go through flatMap', topology: inOut(step('flatMap', { by: 'words' })), input: withHeaders },
  { name: 'headers go through a repartition', topology: inOut(step('repartition', { name: 'through' })), input: withHeaders },
  {
    name: 'processValues: a store of its own',
    topology: inOut(step('countValues', { store: 'seen' })),
    input: rows('in@5 a=x', 'in@4 b=y', 'in@9 a=z', 'in@1 a=~', 'in@2 b=w'),
  },
]
