//! One quantity over the rounds.

use super::quantity::Quantity;

/// The log ratios of one quantity, one per round, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    subject: String,
    quantity: Quantity,
    log_ratios: Vec<f64>,
}

/// Two values that have no log ratio.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "the {quantity} of a round is {a} in one arm and {b} in the other, of which no ratio can be taken"
)]
pub struct NoRatio {
    /// Of what.
    pub quantity: Quantity,
    /// Arm A.
    pub a: f64,
    /// Arm B.
    pub b: f64,
}

impl Series {
    /// No rounds yet. `subject` names what has two arms, e.g. the model.
    #[must_use]
    pub fn new(subject: &str, quantity: Quantity) -> Self {
        Self {
            subject: subject.to_owned(),
            quantity,
            log_ratios: Vec::new(),
        }
    }

    /// Adds a round in which the quantity was `a` in arm A and `b` in arm B, in any unit.
    ///
    /// # Errors
    /// When either is not a positive finite number; the round is not added.
    pub fn push(&mut self, a: f64, b: f64) -> Result<(), NoRatio> {
        let ratio = b / a;
        if !(a > 0.0 && b > 0.0 && ratio.is_normal()) {
            let quantity = self.quantity;
            return Err(NoRatio { quantity, a, b });
        }
        self.log_ratios.push(ratio.ln());
        Ok(())
    }

    /// What has two arms.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// What was measured.
    #[must_use]
    pub fn quantity(&self) -> Quantity {
        self.quantity
    }

    /// ln(B ÷ A) of every round.
    #[must_use]
    pub fn log_ratios(&self) -> &[f64] {
        &self.log_ratios
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_positive_finite_values_have_a_ratio() {
        let mut series = Series::new("arms", Quantity::CpuPerRequest);
        for (a, b) in [
            (0.0, 1.0),
            (1.0, 0.0),
            (-1.0, -1.0),
            (f64::NAN, 1.0),
            (1.0, f64::INFINITY),
            (f64::INFINITY, 1.0),
            (1e-200, 1e200),
        ] {
            assert!(series.push(a, b).is_err(), "{a} {b}");
        }
        assert!(series.log_ratios().is_empty());
        assert_eq!(series.push(2.0, 2.0), Ok(()));
        assert_eq!(series.log_ratios(), [0.0]);
    }
}
