# Short names for what people do most; CMakePresets.json and scripts/ hold the how.
.PHONY: all demo test tidy format clean

all:
	@scripts/setup.sh
	@cmake --preset release
	@cmake --build --preset release

demo:
	@scripts/demo.sh

test:
	@scripts/test.sh

tidy:
	@scripts/test.sh --tidy

format:
	@scripts/format.sh

clean:
	rm -rf build
