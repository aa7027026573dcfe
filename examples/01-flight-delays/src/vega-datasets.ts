/** The path of a file of the npm package `vega-datasets`, which exports its folder of data only in this form. */
export function vegaDataset(file: string): URL {
  return new URL(`../data/${file}`, import.meta.resolve('vega-datasets'))
}
