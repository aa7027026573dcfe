import { expect, test } from 'vitest'
import { parseCsv } from './csv.ts'

test.each([
  [
    'plain fields',
    'a,b\nc,d\n',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  [
    'no line end after the last row',
    'a,b\nc,d',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  [
    'Windows line ends',
    'a,b\r\nc,d\r\n',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  ['a comma in quotes', '"Union County, Troy Shelton",SC\n', [['Union County, Troy Shelton', 'SC']]],
  ['doubled quotes', '"W. H. ""Bud"" Barron",GA', [['W. H. "Bud" Barron', 'GA']]],
  ['a line end in quotes', '"a\nb",c', [['a\nb', 'c']]],
  [
    'empty fields',
    ',a,""\n,,',
    [
      ['', 'a', ''],
      ['', '', ''],
    ],
  ],
  ['nothing', '', []],
])('parseCsv reads %s', (_what, text, rows) => {
  expect(parseCsv(text)).toEqual(rows)
})

test.each([
  ['a quote that is never closed', 'a,b\n"c,d\n'],
  ['text after a closing quote', 'a,b\n"c"d,e'],
  ['a quote inside plain text', 'a,b\nc"d'],
])('parseCsv refuses %s and says where', (_what, text) => {
  expect(() => parseCsv(text)).toThrow(/^line 2 is not CSV: /)
})
