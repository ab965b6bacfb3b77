//! Which processors the generator and the targets get.

use authbench_scenarios::accounting::machine;

/// Processors of each side; empty: not pinned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pinning {
    /// The generator: this process.
    pub(crate) generator: Vec<usize>,
    /// Everything that it starts.
    pub(crate) targets: Vec<usize>,
}

impl Pinning {
    /// The first of `allowed` for the generator, the others for the targets; nothing with fewer than two.
    fn of(allowed: &[usize]) -> Self {
        match allowed {
            [first, rest @ ..] if !rest.is_empty() => Self {
                generator: vec![*first],
                targets: rest.to_vec(),
            },
            _ => Self::default(),
        }
    }
}

/// Pins this process where the system allows it and `wanted`; what came of it stands in the run file.
pub(crate) fn apply(wanted: bool) -> Pinning {
    let pinning = if wanted {
        Pinning::of(&machine::allowed_cpus())
    } else {
        Pinning::default()
    };
    #[cfg(target_os = "linux")]
    if !pinning.generator.is_empty() && machine::pin_to(&pinning.generator).is_err() {
        return Pinning::default();
    }
    pinning
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_processor_cannot_be_shared_out() {
        assert_eq!(Pinning::of(&[3]), Pinning::default());
        assert_eq!(Pinning::of(&[]), Pinning::default());
        assert_eq!(
            Pinning::of(&[1, 4, 6]),
            Pinning {
                generator: vec![1],
                targets: vec![4, 6]
            }
        );
    }
}
