//! Checking one password, the hop to a blocking thread included.

use crate::fixture::{runtime, secret};
use authbench_servers::authorization::passwords::{LoginHash, Passwords};
use criterion::{BenchmarkId, Criterion};

pub(crate) fn hash(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("login");
    group.sample_size(10);
    for (name, cost) in [("owasp", LoginHash::Owasp), ("cheap", LoginHash::Cheap)] {
        let passwords = Passwords::new(&secret(), cost, 1, 1).expect("a hash");
        let runtime = runtime();
        group.bench_function(BenchmarkId::new("argon2id", name), |bencher| {
            bencher.iter(|| {
                let checked = runtime.block_on(passwords.check(secret().expose(), None));
                assert!(checked.expect("nobody else asks"));
            });
        });
    }
}
