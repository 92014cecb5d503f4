class TagTopics:
    def setup(self):
        pass

    def convert(self, x):
        return x
