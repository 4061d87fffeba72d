//! Measures the cost of a client's call over plain reqwest: `pnpm bench:sdk`. Address and key: `DAKERA_URL`,
//! `DAKERA_API_KEY`.

use std::env;
use std::time::{Duration, Instant};

use dakera_rs::Client;

const CALLS: usize = 2000;
const WARM_UP: usize = 200;

type Anything = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Anything> {
    let (url, key) = (env::var("DAKERA_URL")?, env::var("DAKERA_API_KEY")?);
    let client = Client::from_env()?;
    let raw = reqwest::Client::new();
    let (mut by_sdk, mut by_raw) = (Vec::new(), Vec::new());
    for i in 0..WARM_UP + CALLS {
        let started = Instant::now();
        client.whoami().await?;
        let sdk = started.elapsed();
        let started = Instant::now();
        let reply = raw.get(format!("{url}/v1/auth/whoami")).bearer_auth(&key);
        let _: serde_json::Value = serde_json::from_slice(&reply.send().await?.bytes().await?)?;
        if i >= WARM_UP {
            by_sdk.push(sdk);
            by_raw.push(started.elapsed());
        }
    }
    println!(
        "{{\"sdk\": {}, \"raw\": {}}}",
        summary(by_sdk),
        summary(by_raw)
    );
    Ok(())
}

/// Median and tails, in milliseconds.
fn summary(mut times: Vec<Duration>) -> String {
    times.sort();
    let at =
        |percent: usize| times[(times.len() * percent).div_ceil(100) - 1].as_secs_f64() * 1000.0;
    format!(
        "{{\"p50\": {:.4}, \"p95\": {:.4}, \"p99\": {:.4}}}",
        at(50),
        at(95),
        at(99)
    )
}
