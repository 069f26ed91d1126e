def test_it(story):
    s = story.sandbox
    b = s.root / "beside"
    for target in (
        {"type": "time", "value": story.before_drop},
        {"type": "log_position", "value": story.before_drop_position},
        {"type": "gtid", "value": story.before_drop_gtid},
        {"type": "immediate"},
    ):
        r = s.run("restore", directory=str(b), target=target)
        print(
            {
                k: v
                for k, v in r.items()
                if k
                in ("msg", "reached", "preflight", "error_code", "recovery", "data_state", "exception", "module_stderr")
            }
        )
        if not r.get("failed"):
            print(s.products(at=b))
        s.succeed("restore", directory=str(b), state="absent")
    r = s.run("restore", directory=str(b))
    print(
        {
            k: v
            for k, v in r.items()
            if k in ("msg", "reached", "error_code", "recovery", "data_state", "exception", "module_stderr")
        }
    )
