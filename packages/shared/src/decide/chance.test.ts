// The simulations say how often a rule is wrong only if what they make up is what they say.
import { describe, expect, it } from '@jest/globals'
import { Chance } from './chance.fixture.ts'

const draws = 60_000

function momentsOf(draw: (chance: Chance) => number): { readonly mean: number; readonly variance: number } {
  const chance = new Chance(31)
  const values = Array.from({ length: draws }, () => draw(chance))
  const mean = values.reduce((sum, value) => sum + value, 0) / draws
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (draws - 1)
  return { mean, variance }
}

describe('events in bursts', () => {
  it.each([
    [0.1, 4],
    [0.3, 2],
    [2, 4],
    [30, 3],
    [200, 1.5],
  ])('have the mean %d, and a variance of %d times that', (wanted, dispersion) => {
    const { mean, variance } = momentsOf((chance) => chance.bursts(wanted, dispersion))
    expect(mean / wanted).toBeCloseTo(1, 1)
    expect(variance / wanted / dispersion).toBeCloseTo(1, 1)
  })
})

describe('gamma', () => {
  it.each([
    [0.05, 3],
    [0.5, 3],
    [1, 0.2],
    [40, 7],
  ])('of the shape %d has the mean %d and the variance mean²/shape', (shape, wanted) => {
    const { mean, variance } = momentsOf((chance) => chance.gamma(shape, wanted))
    expect(mean / wanted).toBeCloseTo(1, 1)
    expect(variance / (wanted ** 2 / shape)).toBeCloseTo(1, 0)
  })
})
