//! Which processors the generator and the targets get, and that they do not fall asleep.

use authbench_scenarios::accounting::idle::KeptAwake;
use authbench_scenarios::accounting::machine;

/// Processors of each side; empty: not pinned.
#[derive(Debug, Default)]
pub(crate) struct Pinning {
    /// The generator: this process.
    pub(crate) generator: Vec<usize>,
    /// Everything that it starts.
    pub(crate) targets: Vec<usize>,
    /// Keeps every processor awake, where that was wanted and the system allows it.
    pub(crate) awake: Option<KeptAwake>,
}

impl Pinning {
    /// The first of `allowed` for the generator, the others for the targets; nothing with fewer than two.
    fn of(allowed: &[usize]) -> Self {
        match allowed {
            [first, rest @ ..] if !rest.is_empty() => Self {
                generator: vec![*first],
                targets: rest.to_vec(),
                awake: None,
            },
            _ => Self::default(),
        }
    }
}

impl Pinning {
    /// With all processors kept awake, if `wanted` and allowed.
    pub(crate) fn awake(self, wanted: bool) -> Self {
        let processors = [&self.generator[..], &self.targets[..]].concat();
        let request = || KeptAwake::request(&processors);
        Self {
            awake: wanted.then(request).flatten(),
            ..self
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
        let of = |allowed: &[usize]| {
            let pinning = Pinning::of(allowed);
            (pinning.generator, pinning.targets)
        };
        assert_eq!(of(&[3]), (vec![], vec![]));
        assert_eq!(of(&[]), (vec![], vec![]));
        assert_eq!(of(&[1, 4, 6]), (vec![1], vec![4, 6]));
    }
}
