//! What issuing and judging one access token costs, by algorithm: parsing, every check and the signature; no I/O.
//!
//! `cargo bench --bench tokens`

use authbench_servers::client::Client;
use authbench_servers::jwt::{
    Minter, Rules, SigningAlgorithm, SigningKey, algorithm, install_crypto, verifier,
};
use authbench_servers::model::Grant;
use authbench_servers::roles::Roles;
use authbench_servers::scope::Scope;
use authbench_servers::secret::Secret;
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::time::Duration;

const ISSUER: &str = "http://127.0.0.1:8080";
const AUDIENCE: &str = "https://api.authbench.test";
/// 32 zero bytes, base64url.
const SECRET: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const NOW_MS: i64 = 1_800_000_000_000;

fn minter(algorithm: SigningAlgorithm) -> Minter {
    let secret: Secret = serde_json::from_str(&format!("\"{SECRET}\"")).expect("a string");
    let secret = Some(&secret).filter(|_| algorithm.is_symmetric());
    let key = SigningKey::new(algorithm, secret).expect("a key");
    Minter::new(key, ISSUER, AUDIENCE, Duration::from_secs(300))
}

fn grant() -> Grant {
    Grant {
        subject: "user-00042".to_owned(),
        client: Client::App,
        scope: Scope::ALL,
        roles: Roles::WRITER,
    }
}

fn tokens(criterion: &mut Criterion) {
    install_crypto();
    for algorithm in algorithm::ALGORITHMS {
        let (minter, grant) = (minter(algorithm), grant());
        let rules = Rules {
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            algorithm,
            leeway: Duration::ZERO,
            max_lifetime: Duration::from_secs(86_400),
            no_exp: false,
        };
        let token = minter.mint(&grant, None, NOW_MS);
        criterion.bench_function(&format!("issue/jwt/{}", algorithm.name()), |bencher| {
            bencher.iter(|| minter.mint(black_box(&grant), None, NOW_MS));
        });
        criterion.bench_function(&format!("validate/jwt/{}", algorithm.name()), |bencher| {
            bencher.iter(|| {
                let claims = verifier::read(black_box(&token), &minter.key_set(), &rules)
                    .expect("a good signature");
                rules
                    .check_times(&claims, NOW_MS)
                    .expect("within its times");
            });
        });
    }
}

criterion_group!(benches, tokens);
criterion_main!(benches);
