//! Scales and their ticks.

use crate::number;

/// From values to positions.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
    log: bool,
}

impl Scale {
    /// Equal distances are equal differences.
    pub(super) fn linear(from: f64, to: f64, start: f64, end: f64) -> Self {
        Self {
            from,
            to: if to > from { to } else { from + 1.0 },
            start,
            end,
            log: false,
        }
    }

    /// Equal distances are equal ratios; `from` and `to` above 0, taken out to a 1, 2 or 5 of their decade.
    pub(super) fn log(from: f64, to: f64, start: f64, end: f64) -> Self {
        let from = steps(from / 10.0, from).last().copied().unwrap_or(from);
        let to = to.max(from * 2.0);
        let to = steps(to * (1.0 - 1e-9), to * 10.0)
            .first()
            .copied()
            .unwrap_or(to);
        Self {
            from,
            to,
            start,
            end,
            log: true,
        }
    }

    /// Where `value` stands; what is outside stands at the edge.
    pub(super) fn at(&self, value: f64) -> f64 {
        let value = value.clamp(self.from, self.to);
        let share = if self.log {
            (value / self.from).ln() / (self.to / self.from).ln()
        } else {
            (value - self.from) / (self.to - self.from)
        };
        self.start + share * (self.end - self.start)
    }

    /// Round values to draw a grid at.
    pub(super) fn ticks(&self) -> Vec<f64> {
        if self.log {
            let all = steps(self.from * (1.0 - 1e-9), self.to * (1.0 + 1e-9));
            // Beyond three decades the 2s and 5s crowd.
            let sparse = self.to / self.from > 2000.0;
            return all
                .into_iter()
                .filter(|tick| !sparse || is_power_of_ten(*tick))
                .collect();
        }
        let step = steps((self.to - self.from) / 8.0, f64::INFINITY)
            .first()
            .copied()
            .unwrap_or(1.0);
        (0..)
            .map(|i| self.from + step * f64::from(i))
            .take_while(|tick| *tick <= self.to * (1.0 + 1e-9))
            .collect()
    }
}

/// The values 1, 2 and 5 of every decade between `from` and `to`; at least ten of them when `to` is infinite.
fn steps(from: f64, to: f64) -> Vec<f64> {
    let first = from.log10().floor() as i32;
    (first..first + 20)
        .flat_map(|decade| [1.0, 2.0, 5.0].map(|digit| rounded_power(digit, decade)))
        .filter(|step| *step >= from && *step <= to)
        .collect()
}

/// Through text: 10^-1 as a power is 0.1 only nearly.
fn rounded_power(digit: f64, decade: i32) -> f64 {
    format!("{digit}e{decade}").parse().unwrap_or(digit)
}

fn is_power_of_ten(value: f64) -> bool {
    number::rounded(value.log10()).fract() == 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_scale_ends_at_round_values() {
        let scale = Scale::log(0.07, 3.2, 0.0, 100.0);
        assert_eq!(scale.ticks(), [0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0]);
        assert_eq!(
            (scale.at(0.05), scale.at(5.0), scale.at(50.0)),
            (0.0, 100.0, 100.0)
        );
        assert!((scale.at(0.5) - 50.0).abs() < 1e-9);
    }

    #[test]
    fn a_linear_scale_has_at_most_nine_ticks() {
        let scale = Scale::linear(0.0, 137.0, 0.0, 1.0);
        assert_eq!(scale.ticks(), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0, 120.0]);
    }

    #[test]
    fn many_decades_show_powers_of_ten_only() {
        let scale = Scale::log(1.0, 300_000.0, 0.0, 1.0);
        assert_eq!(scale.ticks(), [1.0, 10.0, 100.0, 1e3, 1e4, 1e5]);
    }
}
