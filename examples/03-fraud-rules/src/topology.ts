import { json, string } from '@millrace/core'
import {
  hopping,
  minutes,
  StreamsBuilder,
  windowed,
  type KStream,
  type Topology,
  type TopicSerdes,
  type Windowed,
} from '@millrace/streams'

/** Names the application in the log and its folder under the state directory. */
export const applicationId = 'fraud-rules'

/** The key is the card. */
export interface Payment {
  readonly id: string
  /** Cents. */
  readonly amount: number
}

/** The bank's answer. The key is the card, as that of the payment. */
export interface Confirmation {
  /** Its id. */
  readonly payment: string
  readonly bank: string
}

/** What a rule says about a card in ten minutes. */
export interface Alert {
  readonly rule: 'many payments' | 'much money'
  readonly payments: number
  readonly amount: number
}

export interface Confirmed extends Payment, Confirmation {}

interface Spent {
  readonly payments: number
  readonly amount: number
}

/** A card is looked at every five minutes, each time for the ten minutes before. */
const lately = hopping({ size: minutes(10), advance: minutes(5), grace: minutes(1) })

export const payments: TopicSerdes<string, Payment> = { key: string, value: json<Payment>() }
export const confirmations: TopicSerdes<string, Confirmation> = { key: string, value: json<Confirmation>() }
export const alerts: TopicSerdes<Windowed<string>, Alert> = { key: windowed(string, lately), value: json<Alert>() }
export const confirmed: TopicSerdes<string, Confirmed> = { key: string, value: json<Confirmed>() }

export function fraudRules(): Topology {
  const builder = new StreamsBuilder()
  const paid = builder.stream('payments', payments)
  const answers = builder.stream('confirmations', confirmations)

  // A window is in the first branch whose rule holds; what no rule holds for ends here.
  const { many, much } = spentByCard(paid).split({
    many: (spent) => spent.payments >= 5,
    much: (spent) => spent.amount > 100_000,
  })
  many
    .mapValues((spent): Alert => ({ rule: 'many payments', ...spent }))
    .merge(much.mapValues((spent): Alert => ({ rule: 'much money', ...spent })))
    .to('alerts', alerts)

  // The answer comes after the payment, and at most fifteen minutes later. Answers to other payments with the card meet it too.
  paid
    .joinStream(answers, {
      name: 'answered',
      within: { before: minutes(0), after: minutes(15) },
      grace: minutes(1),
      key: string,
      left: payments.value,
      right: confirmations.value,
      join: (payment, confirmation) => ({ ...payment, ...confirmation }),
    })
    .filter(({ id, payment }) => id === payment)
    .to('confirmed-payments', confirmed)

  return builder.build()
}

/** What each card paid in each window, once the window is closed. */
function spentByCard(paid: KStream<string, Payment>): KStream<Windowed<string>, Spent> {
  return paid
    .groupByKey()
    .windowedBy(lately)
    .aggregate({
      store: 'spent-by-card',
      value: json<Spent>(),
      initial: () => ({ payments: 0, amount: 0 }),
      add: (spent, { amount }) => ({ payments: spent.payments + 1, amount: spent.amount + amount }),
    })
    .emitFinal()
}
